"""Shared groups of a tenant: in which order their balances pay, and who is a member.

A group comes into being in two ways. SharedGroups.csv names FAMILY with a strategy, and nobody is a member yet; or a
top-up gives 1001 a balance that carries FAMILY, which no file has named, and everybody who calls has `*mine_random`.
Both are listed. The strategies are those of the tariff in force, which all tenants share: rows for callers of other
tenants are not told.
"""

from collections.abc import Mapping
from typing import Final

from accounts.account import AccountKey
from accounts.document import account_from_text
from accounts.shared_group import ANY, GROUP, SharedGroup, group_key
from ratingd.api.admin import page_size
from ratingd.api.config import ApiConfig
from ratingd.api.convert import name, required
from ratingd.api.listing import SERVICE, Shelves, place_of, token_of
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.api.plans import Charger
from ratingd.engine.command import Reply
from ratingd.errors import NotFound
from ratingd.store.rows import AccountRow
from ratingd.v1 import accounts_pb2


class SharedGroups:
    def __init__(self, config: ApiConfig, charger: Charger, store: Shelves) -> None:
        self._config: Final = config
        self._charger: Final = charger
        self._store: Final = store

    def methods(self) -> list[AnyMethod]:
        return [
            Method(SERVICE + "GetSharedGroup", Kind.SLOW, guarded(self._get)),
            Method(SERVICE + "ListSharedGroups", Kind.SLOW, guarded(self._list)),
        ]

    def _get(self, body: bytes, _: int | None) -> Reply:
        request = parse(accounts_pb2.GetSharedGroupRequest(), body)
        tenant = name(request.tenant, "tenant") or self._config.default_tenant
        group = required(request.id, "id")
        key = group_key(tenant, group)
        row, known = self._store.accounts([key]).get(key), self._known()
        if group not in known and (row is None or row.document is None):
            raise NotFound(
                f"no shared group {group!r}: no SharedGroups.csv names it, and no balance of tenant {tenant!r} carries "
                "it. `ratingd account groups` lists those there are."
            )
        message = accounts_pb2.SharedGroup()
        _write(message, tenant, group, known.get(group), row)
        return Reply(0, message.SerializeToString())

    def _list(self, body: bytes, _: int | None) -> Reply:
        request = parse(accounts_pb2.ListSharedGroupsRequest(), body)
        size = page_size(request.page_size)
        tenant = name(request.tenant, "tenant") or self._config.default_tenant
        (after,) = place_of(request.page_token, (str,)) or ("",)
        rows = {
            row.key.account.removeprefix(GROUP): row
            for row in self._store.directory.groups(tenant, after=str(after), limit=size + 1)
        }
        known = self._known()
        listed = sorted(rows.keys() | {group for group in known if group > str(after)})
        message = accounts_pb2.ListSharedGroupsResponse()
        for group in listed[:size]:
            _write(message.groups.add(), tenant, group, known.get(group), rows.get(group))
        if len(listed) > size:
            message.next_page_token = token_of(listed[size - 1])
        return Reply(0, message.SerializeToString())

    def _known(self) -> Mapping[str, SharedGroup]:
        return self._charger.plans.current(self._config.clock()).book.catalogue.shared_groups


def _write(
    message: accounts_pb2.SharedGroup, tenant: str, group: str, known: SharedGroup | None, row: AccountRow | None
) -> None:
    message.tenant, message.id = tenant, group
    for caller, strategy in known.strategies.items() if known is not None else ():
        if caller == ANY or caller.startswith(str(AccountKey(tenant, ""))):
            message.strategies[caller] = strategy.value
    if row is not None and row.document is not None:
        message.members.extend(account_from_text(row.document).members)
