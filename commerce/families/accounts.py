"""Accounts, members, roles and rights: who may speak, and as what."""

from commerce.accounts import AccountOpen, account_open
from commerce.committee import CommitteeChange, committee_change
from commerce.delegations import Delegate, DelegateRevoke, delegate, delegate_revoke
from commerce.evidence import EvidenceSubmit, evidence_submit
from commerce.members import MemberRegister, MemberUpdate, member_register, member_update
from commerce.rights import GcpGrant, LocationRegister, gcp_grant, location_register
from commerce.roles import RoleGrant, RoleRevoke, role_grant, role_revoke
from commerce.transaction_types import SystemTransition, TransactionType
from commerce.upgrades import ProtocolUpgrade, protocol_upgrade

TYPES = (
    TransactionType("account.open", AccountOpen, account_open, "M + new keys"),
    TransactionType("member.register", MemberRegister, member_register, "Q + the new member"),
    TransactionType("member.update", MemberUpdate, member_update, "the member"),
    TransactionType("committee.change", CommitteeChange, committee_change, "Q"),
    TransactionType("protocol.upgrade", ProtocolUpgrade, protocol_upgrade, "Q"),
    TransactionType("evidence.submit", EvidenceSubmit, evidence_submit, "any"),
    TransactionType("role.grant", RoleGrant, role_grant, "Q"),
    TransactionType("role.revoke", RoleRevoke, role_revoke, "Q"),
    TransactionType("gcp.grant", GcpGrant, gcp_grant, "R or inspector + holder"),
    TransactionType(
        "location.register", LocationRegister, location_register, "R or inspector + holder"
    ),
    TransactionType("delegate", Delegate, delegate, "owner"),
    TransactionType("delegate.revoke", DelegateRevoke, delegate_revoke, "owner"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
