"""What a person sees before the main window: signing in to an office, or the first company on this computer."""
