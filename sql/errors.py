"""The one tree of errors; a command shows each as one sentence, without a traceback."""


class SentinelError(Exception):
    """Anything a user can cause and mend; exit code 1."""


class PipelineError(SentinelError):
    """A file under `sql/`, or a parameter given to it, is wrong: names file, line and what was expected."""


class ParameterError(PipelineError):
    """A parameter or rule that was asked for does not exist, or its value is out of bounds; exit code 2."""


class UsageError(SentinelError):
    """The command line asks for something that cannot be; exit code 2."""


class InputError(SentinelError):
    """A row or file of the user is wrong: names it and what was expected."""


class EngineError(SentinelError):
    """An engine could not be started or failed while it ran."""


class SettingsError(SentinelError):
    """An endpoint, a key or another value that a command needs is missing or wrong: names it, never its value."""


class ServiceError(SentinelError):
    """A service of the cloud does not answer, refuses, or answers what it should not."""


class LedgerError(SentinelError):
    """The ledger cannot be written or read, or is not whole: nothing may be decided that it does not hold."""
