"""Golden transcripts: a text file of commands, each followed by everything that came of it.

Lines that begin with `> ` are commands, lines with `# ` comments; all others are output and must be
reproduced exactly. Blocks are named A, B, … as they first appear.

    > members 4               a new cluster            > submit pay-1 [to 1,2]
    > deliver KIND [from 0] [to 1,2]   what is under way now; KIND may be `all`
    > drop KIND [from 0] [to 1,2]      > settle        deliver all, and what follows from it
    > tick 50                 > crash 0                > restart 0
    > fault 0                 from now on member 0 is ours, to let it say:
    > propose BODY as 0 view 0 to 1,2  a block on what member 1 has decided
    > state                   view and decided height of all
"""

from collections.abc import Callable, Iterator, Sequence
from string import ascii_uppercase

from chain.evidence import Equivocation
from chain.votes import PreparedCertificate, ViewChange
from consensus.input import FetchedBlock
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from consensus.output import CheckRequest, FetchBlock, FetchBlocks, Output
from consensus.records import (
    BlockRecord,
    DecidedRecord,
    NewViewRecord,
    PreparedRecord,
    Record,
    SilenceRecord,
    SyncedRecord,
    ViewChangeRecord,
    VoteRecord,
)
from tests.consensus.cluster import Cluster, Envelope, Node, Observer
from tests.consensus.forging import block_on, pre_prepare
from tests.consensus.stub_chain import key

VOTE_NAMES = {1: "PrePrepare", 2: "Prepare", 3: "Commit"}


class Scribe(Observer):
    """Writes down what the members of a cluster do."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[bytes, str] = {}
        self.numbers = {key(member): member for member in range(16)}

    def name(self, digest: bytes) -> str:
        return self.names.setdefault(digest, ascii_uppercase[len(self.names)])

    def on_output(self, node: Node, output: Output) -> None:  # type: ignore[explicit-override]
        told = [*self.promised(output), *self.asked(output), *self.done(output)]
        self.lines += [f"    {node.index} {line}" for line in told]

    def promised(self, output: Output) -> Iterator[str]:
        for record in output.persist:
            yield f"journals {self.record(record)}"
        for item in output.send:
            to = self.peers(item.recipients) or "all"
            yield f"sends {self.message(item.message)} to {to}"

    def asked(self, output: Output) -> Iterator[str]:
        for served in output.serve:
            yield f"serves blocks {served.first}..{served.last} to {self.peers((served.peer,))}"
        for fetch in output.fetch:
            yield f"fetches {self.request(fetch)} from {self.peers(fetch.peers) or 'anybody'}"

    def peers(self, keys: Sequence[bytes]) -> str:
        return ",".join(str(self.numbers[peer]) for peer in keys)

    def done(self, output: Output) -> Iterator[str]:
        for decided in output.decided:
            view, height = decided.certificate.view, decided.certificate.height
            yield f"decides {self.name(decided.digest)} at height {height} in view {view}"
        for check in output.check:
            yield f"checks {self.name(check.digest)}{' first' if check.certified else ''}"
        if output.build is not None:
            urgency = " at once" if output.build.at_once else ""
            yield f"may propose in view {output.build.view} height {output.build.height}{urgency}"
        for found in output.evidence:
            member = found.first.member if isinstance(found, Equivocation) else found.commit.member
            yield f"convicts {member}: {type(found).__name__}"

    def on_delivery(self, envelope: Envelope) -> None:  # type: ignore[explicit-override]
        event = envelope.event
        if isinstance(event, CheckRequest):
            self.lines.append(f"{envelope.target} has checked {self.name(event.digest)}")
        else:
            self.lines.append(f"{envelope.source} -> {envelope.target}: {self.event(event)}")

    def event(self, event: object) -> str:
        match event:
            case FetchBlock() | FetchBlocks():
                return f"asks for {self.request(event)}"
            case FetchedBlock(block, _, certificate):
                kind = "Block" if certificate is None else "Decided block"
                return f"{kind} {self.name(block.header.digest())}"
            case _:
                return self.message(event)  # type: ignore[arg-type]

    def request(self, fetch: FetchBlock | FetchBlocks) -> str:
        if isinstance(fetch, FetchBlock):
            return f"block {self.name(fetch.digest)}"
        return f"blocks {fetch.first}..{fetch.last}"

    def message(self, message: Message) -> str:
        where = f"{type(message).__name__} v{message.view} h{message.height}"
        match message:
            case PrePrepare():
                return f"{where} {self.name(message.header.digest())}"
            case Prepare() | Commit():
                return f"{where} {self.name(message.digest)}"
            case ViewChange():
                return f"{where} {self.prepared(message.prepared)}"
            case NewView():
                members = ",".join(str(entry.member) for entry in message.view_changes)
                return f"{where} of {members}"
            case Status():
                return f"{where} {'started' if message.started else 'not started'}"
            case Complaint() | RecoveryQuery():
                return where
            case RecoveryReply():
                return f"{where} with {len(message.votes)} votes"

    def prepared(self, prepared: PreparedCertificate | None) -> str:
        if prepared is None:
            return "nothing prepared"
        return f"prepared {self.name(prepared.header.digest())} v{prepared.view}"

    def record(self, record: Record) -> str:
        match record:
            case BlockRecord(block, _):
                return f"block {self.name(block.header.digest())}"
            case VoteRecord():
                digest = self.name(record.digest)
                return f"{VOTE_NAMES[record.type]} v{record.view} h{record.height} {digest}"
            case PreparedRecord(prepared):
                return self.prepared(prepared)
            case ViewChangeRecord(message) | NewViewRecord(message):
                return f"{type(message).__name__} v{message.view}"
            case DecidedRecord(certificate):
                return f"certificate of {self.name(certificate.digest)}"
            case SyncedRecord(height):
                return f"synced up to {height}"
            case SilenceRecord(until):
                return f"silence up to {'?' if until is None else until}"


def members_of(words: list[str], key: str) -> list[int] | None:
    if key not in words:
        return None
    return [int(word) for word in words[words.index(key) + 1].split(",")]


def is_all(words: list[str], entry: Envelope) -> bool:
    """Does "all" mean this? What a member does by itself is not on the wire."""
    return words[1] == "all" and entry.source != entry.target


class Play:
    """Runs the commands of one transcript."""

    def __init__(self) -> None:
        self.scribe = Scribe()
        self.cluster = Cluster(1)

    def run(self, command: str) -> list[str]:
        """The output of one command."""
        words = command.split()
        action: Callable[[list[str]], None] = getattr(self, f"do_{words[0]}")
        self.scribe.lines = []
        action(words)
        return self.scribe.lines

    def do_members(self, words: list[str]) -> None:
        self.cluster = Cluster(int(words[1]), observer=self.scribe)
        # All have said where they stand, which is nowhere.
        self.cluster.queue = []
        self.scribe.lines = []

    def do_submit(self, words: list[str]) -> None:
        self.cluster.submit(words[1].encode(), to=members_of(words, "to"))

    def _take(self, words: list[str]) -> list[Envelope]:
        """Take what the words select off the queue."""
        sources, targets = members_of(words, "from"), members_of(words, "to")
        taken = [
            entry
            for entry in self.cluster.queue
            if (words[1] == type(entry.event).__name__ or is_all(words, entry))
            and (sources is None or entry.source in sources)
            and (targets is None or entry.target in targets)
        ]
        assert taken, "nothing of that kind is under way"
        self.cluster.queue = [entry for entry in self.cluster.queue if entry not in taken]
        return taken

    def do_deliver(self, words: list[str]) -> None:
        for entry in self._take(words):
            self.cluster.deliver(entry)

    def do_drop(self, words: list[str]) -> None:
        self.scribe.lines.append(f"{len(self._take(words))} dropped")

    def do_settle(self, _words: list[str]) -> None:
        self.cluster.drain()

    def do_tick(self, words: list[str]) -> None:
        lines = self.scribe.lines
        for _ in range(int(words[1])):
            before = len(lines)
            self.cluster.pass_ticks()
            if len(lines) > before:
                lines.insert(before, f"tick {self.cluster.tick}")

    def do_crash(self, words: list[str]) -> None:
        self.cluster.crash(int(words[1]))

    def do_restart(self, words: list[str]) -> None:
        self.cluster.restart(int(words[1]))

    def do_fault(self, words: list[str]) -> None:
        self.cluster.crash(int(words[1]))
        self.cluster.faulty = frozenset({int(words[1])})

    def do_propose(self, words: list[str]) -> None:
        cluster, member, view = self.cluster, int(words[3]), int(words[5])
        state = cluster.nodes[1].replica._state
        block = block_on(state, member, view, words[1].encode(), cluster.now_ms)
        message = pre_prepare(cluster, block, member, view, state.tip.certificate)
        for target in members_of(words, "to") or []:
            cluster.queue.append(Envelope(member, target, message))
        self.scribe.lines.append(f"    {member} sends {self.scribe.message(message)}")

    def do_state(self, _words: list[str]) -> None:
        for index, view, height in self.cluster.where():
            self.scribe.lines.append(f"{index}: view {view}, decided {height}")


def replay(text: str) -> str:
    """The transcript as it comes out now."""
    play = Play()
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(("# ", "> ")) or not line:
            lines.append(line)
        if line.startswith("> "):
            lines += play.run(line[2:])
    return "\n".join(lines) + "\n"
