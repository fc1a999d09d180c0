"""ERP Desktop: the back office of a company that distributes goods."""

__version__ = "0.1.0"  # the one place: the build reads it here
