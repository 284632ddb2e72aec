"""What can go wrong between a door and the ledger; each text is a sentence for a person, ``next_step`` what to do.

ActorError
├── NotConnected        the user has no account connected, or must connect it again
├── TierTooLow          the user's tier does not have this
├── HoldRefused         nothing that anybody means: no reason, or a time that is past or too far away
│   ├── BrakeRefused
│   └── PauseRefused
├── FilterRefused       a filter names a value that doesn't exist; the next step lists the valid ones
├── AnswerRefused       a question cannot be answered like that
├── RestoreRefused      a missing record cannot be restored
├── AlertRefused        a price alert cannot be made or changed like that
├── SellerRefused       a seller cannot be watched
└── ConnectFailed       an account was not connected, and nothing changed
    ├── Denied          the person said no at Discogs
    ├── VerifierRefused Discogs does not trade this verifier for a token
    ├── TokenRefused    Discogs does not know this personal token
    ├── OtherAccount    the user is bound to another Discogs account, and must choose
    └── RemovalUnderWay what came from the account before is being removed, and that must end first
"""


class ActorError(Exception):
    """Ancestor of everything below."""

    def __init__(self, sentence: str, next_step: str) -> None:
        super().__init__(sentence)
        self.next_step = next_step


class NotConnected(ActorError):
    """There is no account to speak for."""


class TierTooLow(ActorError):
    """The user's tier does not have this; the next step names the one that does."""


class FilterRefused(ActorError):
    """A filter names a value that doesn't exist; the next step lists the valid ones."""


class HoldRefused(ActorError):
    """Nothing was held back: no reason, or a time that is past or too far away."""


class BrakeRefused(HoldRefused):
    """The brake was not pulled."""


class PauseRefused(HoldRefused):
    """The lane was not paused."""


class AnswerRefused(ActorError):
    """A question cannot be answered like that, or not any more; nothing changed."""


class RestoreRefused(ActorError):
    """A missing record cannot be restored; nothing changed."""


class AlertRefused(ActorError):
    """A price alert cannot be made or changed like that; nothing changed."""


class SellerRefused(ActorError):
    """A seller cannot be watched; nothing changed."""


class ConnectFailed(ActorError):
    """An account was not connected, and nothing changed."""


class Denied(ConnectFailed):
    """The person said no at Discogs."""


class VerifierRefused(ConnectFailed):
    """Discogs does not trade this verifier for a token: it is wrong, used, or too old."""


class TokenRefused(ConnectFailed):
    """Discogs does not know this personal token, and maybe never did."""


class OtherAccount(ConnectFailed):
    """The user is bound to another Discogs account: never merged, only chosen."""


class RemovalUnderWay(ConnectFailed):
    """What came from Discogs is being removed; what came now would go with it."""
