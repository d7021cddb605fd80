"""What can go wrong in ways that a user can mend.

Every message names the file, the field and the fix, because it is all that the user sees.
"""


class BakeoffError(Exception):
    """The command ends with exit code 2 and this message; nothing was changed."""


class ConfigError(BakeoffError):
    """An experiment's configuration, or a command-line option, does not make sense."""


class DataError(BakeoffError):
    """Images, labels or weights are missing or unusable."""


class StoreError(BakeoffError):
    """A stored result is missing, damaged, or of another schema."""


class DiskFullError(StoreError):
    """There is no room for a file; what was there before is as it was."""


class OutputError(BakeoffError):
    """The site cannot be written or served where it was asked to be."""
