"""Business documents on paper: what is sent to a supplier, put into a parcel or handed to a customer."""
