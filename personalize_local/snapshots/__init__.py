"""The whole state of an emulator in one file: saving it while calls are answered, and loading it again."""
