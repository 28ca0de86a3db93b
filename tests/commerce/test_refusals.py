"""Every refusal that a handler declares has a row in a table, and every type its success."""

from chain.block import OK
from commerce.refusals import refusals_of, refuses
from commerce.registry import TYPES
from tests.commerce import (
    test_accounts,
    test_amendments,
    test_assets,
    test_cancellation,
    test_checkout,
    test_committee,
    test_confirmation,
    test_delegations,
    test_evidence,
    test_extensions,
    test_items,
    test_listings,
    test_members,
    test_payments,
    test_products,
    test_rights,
    test_roles,
    test_shipments,
    test_tracking,
    test_upgrades,
)
from tests.commerce.aftersale import (
    test_answers,
    test_exchanges,
    test_requests,
    test_returns,
)
from tests.commerce.attempts import Attempt, Row
from tests.commerce.banking import (
    test_bank_deposits,
    test_fees,
    test_freezes,
    test_parameter_change,
    test_prepaid,
    test_withdrawals,
)
from tests.commerce.beacon import test_acknowledge, test_reveal, test_share
from tests.commerce.catalogue import test_drawing, test_issuing, test_licences
from tests.commerce.catalogue.coupon_terms import issue
from tests.commerce.certificates import test_certificates
from tests.commerce.codes import (
    test_batching,
    test_binding,
    test_claiming,
    test_passing,
    test_reports,
    test_scanning,
)
from tests.commerce.codes.atelier import Atelier
from tests.commerce.deposits import (
    test_claims,
    test_deposits,
    test_eligibility,
    test_fund,
    test_liabilities,
    test_recourse,
)
from tests.commerce.deposits.counter import Counter
from tests.commerce.devices import test_binding as test_attaching
from tests.commerce.devices import (
    test_contest,
    test_device,
    test_report,
    test_sla,
    test_watch,
)
from tests.commerce.disputes import (
    test_arbiters,
    test_filing,
    test_hearing,
    test_opening,
    test_panel,
    test_votes,
)
from tests.commerce.disputes.court import Court
from tests.commerce.epcis import test_capture
from tests.commerce.goods import test_offers
from tests.commerce.recalls import test_changing, test_naming, test_recalls
from tests.commerce.recalls.dairy import Dairy
from tests.commerce.reviews import test_hiding, test_posting
from tests.commerce.shop import Shop
from tests.commerce.world import World


def rows() -> list[Row]:
    """All rule tables; those about orders need a shop to name them."""
    shops = [
        *(test_checkout.creating, test_checkout.paying, test_cancellation.cancelling),
        *(test_drawing.creating, test_drawing.paying),
        *(test_shipments.creating, test_shipments.ending, test_shipments.too_many),
        test_items.shipping,
        test_confirmation.confirming,
        *(test_amendments.repricing, test_amendments.readdressing),
        *(test_eligibility.selling, test_liabilities.collecting),
        *(test_requests.requesting, test_requests.bounding, test_requests.too_many),
        *(test_answers.answering, test_answers.offering),
        *(test_returns.returning, test_exchanges.exchanging, test_exchanges.too_many),
        *(test_extensions.extending, test_tracking.telling),
        *(test_posting.posting, test_posting.appending, test_posting.replying),
        *(test_posting.burned, test_hiding.hiding, test_hiding.after_hiding),
    ]
    courts = [
        *(test_filing.opening, test_filing.crowded, test_filing.contesting),
        *(test_opening.appealing, test_hearing.hearing, test_hearing.settling),
        *(test_panel.challenging, test_votes.committing, test_votes.revealing),
    ]
    saver = test_withdrawals.funded()
    listed = Shop()
    return [
        *rows_of_goods(),
        *(test_committee.TABLE + test_evidence.TABLE + test_members.UPDATING),
        *test_upgrades.TABLE,
        *(test_accounts.TABLE + test_members.TABLE + test_members.FULL + test_roles.TABLE),
        *(test_rights.TABLE + test_delegations.TABLE + test_delegations.FULL),
        *(test_assets.TABLE + test_payments.TABLE + test_products.UPDATING),
        *(test_listings.PUBLISHING + test_listings.updates(listed.tea, listed.bike)),
        *(test_licences.TABLE + test_licences.offers(listed, listed.tea)),
        *(test_issuing.ISSUING + test_issuing.withdrawing(issue(listed))),
        *(test_deposits.TABLE + test_recourse.TABLE + test_fund.TABLE),
        *test_claims.claims(Counter()),
        *test_deposits.judged(Counter()),
        *test_panel.recusing(Court(4, arbiters=4)),
        *(test_share.TABLE + test_acknowledge.TABLE + test_reveal.revealing(test_reveal.begun())),
        *(test_bank_deposits.settling(World()) + test_bank_deposits.FULL + test_freezes.TABLE),
        *(test_withdrawals.REDEEMING + test_withdrawals.withdrawing(saver) + test_withdrawals.FULL),
        *(test_prepaid.OPENING + test_prepaid.using(test_prepaid.funded()) + test_freezes.FULL),
        *(test_fees.TABLE + test_fees.COLLECTING + test_parameter_change.TABLE),
        *(test_arbiters.bonding() + test_arbiters.unbonding() + test_arbiters.appointing()),
        *(row for table in courts for row in table(Court())),
        *(row for table in shops for row in table(Shop())),
    ]


def rows_of_goods() -> list[Row]:
    """Those about things: provenance, custody, recalls, codes, devices."""
    shops = [
        *(test_recalls.blocking, test_recalls.unswept),
        *(test_device.malformed, test_device.registering, test_device.handing_on),
        test_device.distrusted,
        *(test_attaching.binding, test_attaching.concerning, test_attaching.of_another_quantity),
        *(test_report.reporting, test_sla.attaching, test_watch.naming, test_watch.crowded),
        *(test_watch.accepting_devices, test_watch.after_its_calibration),
        *(test_contest.contesting, test_contest.scoped),
    ]
    ateliers = [
        *(test_batching.making, test_batching.misnamed, test_binding.binding),
        *(
            test_claiming.claiming,
            test_claiming.owned,
            test_passing.passing,
            test_scanning.recording,
        ),
        *(test_reports.reporting, test_reports.flooding),
    ]
    unborn = [
        *(test_batching.circulating, test_binding.unborn, test_claiming.unborn),
        test_scanning.mute,
    ]
    dairies = [
        *(test_changing.rooting, test_changing.extending, test_changing.closing),
        *(test_changing.releasing, test_naming.naming, test_naming.confirming),
    ]
    return [
        *test_capture.TABLE,
        *(test_recalls.opening() + test_recalls.FULL + [test_recalls.TOGETHER]),
        *(test_recalls.keeping(Shop(), 1) + test_recalls.keeping(Shop(), 2)),
        *(row for table in dairies for row in table(Dairy())),
        test_changing.together(Dairy()),
        *(test_offers.TABLE + test_offers.LOST + test_offers.CHANGED),
        *(test_offers.FULL + test_offers.CROWDED),
        *(test_certificates.TABLE + test_certificates.FULL),
        *(*test_claiming.FULL, test_claiming.YOUNG),
        *(row for table in ateliers for row in table(Atelier())),
        *(row for table in unborn for row in table(Atelier(shown=False))),
        *(row for table in shops for row in table(Shop())),
    ]


def test_every_declared_refusal_has_a_row_and_every_row_is_declared() -> None:
    attempts = [row for row in rows() if isinstance(row, Attempt)]
    tried = {(row.type, row.outcome) for row in attempts}
    declared = {(entry.name, rule.__name__) for entry in TYPES for rule in entry.refusals}
    assert tried - declared == {(entry.name, OK) for entry in TYPES}
    assert declared - tried == set()


def test_a_handler_declares_its_refusals_in_order_and_may_have_none() -> None:
    @refuses(ValueError, KeyError)  # type: ignore[arg-type]  # any classes do here
    def handler() -> None:
        pass

    assert [rule.__name__ for rule in refusals_of(handler)] == ["ValueError", "KeyError"]
    assert refusals_of(rows) == ()
