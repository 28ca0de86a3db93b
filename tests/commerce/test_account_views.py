"""What the API shows of accounts and assets."""

import pytest

from commerce.account_views import BalanceView, account_view, asset_view
from commerce.delegations import Delegate
from commerce.errors import AccountUnknown, AssetUnknown
from commerce.payments import PayTransfer
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, PREFIX, account, key


def test_an_account_shows_sponsor_roles_money_and_delegated_keys() -> None:
    shop = Shop()
    expires_ms = shop.time_ms + DAY_MS
    scope = Delegate(key("erp"), ("pay.transfer",), 500, expires_ms)
    shop.done("buyer", ("delegate", scope))
    payment = PayTransfer(account("friend"), "CNY", 200, None)
    shop.delegated("buyer", "erp", ("pay.transfer", payment))
    view = account_view(shop.state, account("buyer"))
    assert (view.sponsor, view.organisation, view.roles) == (account("m0"), None, ())
    assert view.balances == (BalanceView("CNY", 2, FUNDS_MINOR - 200, 0, 0),)
    (delegation,) = view.delegations
    assert (delegation.public_key, delegation.spent_minor) == (key("erp"), 200)
    merchant = account_view(shop.state, account("merchant"))
    assert [(role.role, role.scope) for role in merchant.roles] == [
        ("merchant", ""),
        ("merchant", f"gcp:{PREFIX}"),
    ]
    assert account_view(shop.state, account("m1")).organisation == "m1"


def test_an_asset_shows_what_exists_of_it() -> None:
    view = asset_view(Shop().state, "CNY")
    assert (view.issuer, view.issued_minor) == (account("issuer"), 2 * FUNDS_MINOR)


def test_what_does_not_exist_is_refused_by_name() -> None:
    state = Shop().state
    with pytest.raises(AccountUnknown):
        account_view(state, bytes(32))
    with pytest.raises(AssetUnknown):
        asset_view(state, "EUR")
