"""The screens of the app: one file is one screen."""
