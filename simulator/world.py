"""Everything that the simulated Discogs knows, and the lock under which it changes."""

import hashlib
import hmac
import secrets
import time
from itertools import count
from threading import RLock

from simulator.accounts import Account, Profile
from simulator.catalogue.releases import Catalogue
from simulator.paths import encoded
from simulator.records import OWN_FIELDS, USUAL_FIELDS, Field, Instance, Want
from simulator.seeding import Oddness, Seed, fill

FIRST_INSTANCE = 2_200_000_000  # real ones passed 2^31 around the end of 2025
FIRST_ACCOUNT = 12_000_001


class World:
    """Accounts, catalogue, applications and the tokens that were given out.

    Access tokens are proved by a keyed hash of account and serial, so they outlive a restart with the same seed.
    """

    def __init__(self, seed: int, applications: dict[str, str]) -> None:
        self.seed = seed
        self.url = "http://127.0.0.1"  # known once we listen
        self.catalogue = Catalogue(seed)
        self.applications = applications
        self.accounts: dict[int, Account] = {}
        self.revoked: set[str] = set()
        self.lock = RLock()
        self.changes = 0
        self.next_instance = FIRST_INSTANCE
        self._key = hashlib.sha256(f"simulator {seed}".encode()).digest()

    def now(self) -> int:
        """Return the present in whole seconds."""
        return int(time.time())

    # Accounts

    def create_account(
        self,
        username: str,
        *,
        records: int = 0,
        wants: int = 0,
        seed: int | None = None,
        oddness: Oddness = Oddness.ALL,
        copies: int = 1,
        currency: str = "USD",
        is_private: bool = False,
        has_seller_settings: bool = False,
        has_own_fields: bool = True,
        is_shop: bool = False,
        location: str = "",
        like: str | None = None,
        personal_token: str | None = None,
    ) -> Account:
        """Open an account with a collection. ``like`` names another, of whose releases it has copies too.

        Raises ValueError when the name is taken, or nobody is named like that.
        """
        with self.lock:
            if self.account(username) is not None:
                raise ValueError(f"There is an account named {username} already.")
            model = None if like is None else self.account(like)
            if like is not None and model is None:
                raise ValueError(f"There is no account named {like}.")
            number = max(self.accounts, default=FIRST_ACCOUNT - 1) + 1
            seed = self.seed * 1_000 + number if seed is None else seed
            profile = Profile(
                id=number,
                username=username,
                currency=currency,
                is_private=is_private,
                has_seller_settings=has_seller_settings,
                is_shop=is_shop,
                location=location,
                registered=1_300_000_000 + number,
                seeded_from=(records, wants, seed),
                personal_token=personal_token or self._proof("personal", str(number))[:40],
            )
            fields: tuple[Field, ...] = USUAL_FIELDS + (OWN_FIELDS if has_own_fields else ())
            account = Account(profile, self.catalogue, fields)
            theirs = () if model is None else tuple(each.release_id for each in model.instances.values())
            grown = Seed(records, wants, seed, oddness, copies, theirs)
            fill(account, grown, self.catalogue, count(self.next_instance))
            self.next_instance += records
            self.accounts[number] = account
            self.changes += 1
            return account

    def account(self, username: str) -> Account | None:
        """Find an account by its present name; case does not matter."""
        wanted = username.casefold()
        return next((each for each in self.accounts.values() if each.profile.username.casefold() == wanted), None)

    def user_url(self, username: str) -> str:
        """Return the address of an account, its name encoded."""
        return f"{self.url}/users/{encoded(username)}"

    # Edits, as the API does them and as the collector does them on discogs.com

    def add_copy(
        self, account: Account, release_id: int, *, folder_id: int = 1, added: int | None = None, rating: int = 0
    ) -> Instance:
        """Add a copy; every call adds another one."""
        with self.lock:
            instance = Instance(
                self.next_instance, release_id, folder_id, self.now() if added is None else added, rating
            )
            self.next_instance += 1
            account.add(instance)
            self.changes += 1
            return instance

    def remove_copy(self, account: Account, instance_id: int) -> None:
        """Remove a copy. Raises KeyError."""
        with self.lock:
            account.remove(instance_id)
            self.changes += 1

    def change_copy(
        self,
        account: Account,
        instance_id: int,
        *,
        rating: int | None = None,
        folder_id: int | None = None,
        added: int | None = None,
    ) -> None:
        """Rate, move or redate a copy. Raises KeyError."""
        with self.lock:
            account.change(instance_id, rating=rating, folder_id=folder_id, added=added)
            self.changes += 1

    def note_copy(self, account: Account, instance_id: int, field_id: int, value: str) -> None:
        """Write one field of a copy. Raises KeyError."""
        with self.lock:
            account.note(instance_id, field_id, value)
            self.changes += 1

    def put_want(
        self,
        account: Account,
        release_id: int,
        *,
        rating: int | None = None,
        notes: str | None = None,
        added: int | None = None,
    ) -> Want:
        """Wish for a release, or edit the wish."""
        with self.lock:
            before = account.wants.get(release_id) or Want(release_id, self.now() if added is None else added)
            want = Want(
                release_id,
                before.added if added is None else added,
                before.rating if rating is None else rating,
                before.notes if notes is None else notes,
            )
            account.want(want)
            self.changes += 1
            return want

    def remove_want(self, account: Account, release_id: int) -> bool:
        """Drop a wish. False when there was none."""
        with self.lock:
            self.changes += 1
            return account.unwant(release_id)

    # Tokens

    def new_access_token(self, account: Account) -> tuple[str, str]:
        """Give out a token and its secret; older ones of the account stay valid."""
        serial = f"{account.profile.id}x{account.profile.token_generation}x{secrets.token_hex(8)}"
        token = f"{serial}x{self._proof('access', serial)[:24]}"
        return token, self.token_secret(token)

    def token_secret(self, token: str) -> str:
        """Return the secret of an access token."""
        return self._proof("secret", token)[:40]

    def account_of(self, token: str) -> Account | None:
        """Return whose access token this is; nobody's if it is invented or revoked."""
        serial, _, proof = token.rpartition("x")
        number, _, rest = serial.partition("x")
        is_ours = hmac.compare_digest(proof.encode(), self._proof("access", serial)[:24].encode())
        account = self.accounts.get(int(number)) if is_ours and token not in self.revoked else None
        if account is None or rest.partition("x")[0] != str(account.profile.token_generation):
            return None
        return account

    def revoke_all(self, account: Account) -> None:
        """Revoke every access token of an account, as its owner does in the settings."""
        with self.lock:
            account.profile.token_generation += 1
            self.changes += 1

    def account_of_personal(self, token: str) -> Account | None:
        """Return whose personal token this is."""
        if token in self.revoked:
            return None
        return next((each for each in self.accounts.values() if each.profile.personal_token == token), None)

    def _proof(self, kind: str, of: str) -> str:
        return hmac.new(self._key, f"{kind} {of}".encode(), hashlib.sha256).hexdigest()
