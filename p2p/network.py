"""The node's connections to all other members: dialled, accepted, kept, counted.

Each pair of nodes keeps one connection. `send` and `broadcast` never wait; what a peer sends goes
to the `Handler`. All tasks live in one group: what fails here by our own fault ends the network,
and with it the group of the caller; what a peer does wrong ends that peer's connection only.
"""

import asyncio
import logging
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from chain.errors import ProtocolError, as_value
from p2p.arrivals import Arrival, arrival
from p2p.backoff import Backoff
from p2p.certificates import Validity
from p2p.door import Door, DoorStatus
from p2p.frames import FRAME_SIZE_MAX, Channel
from p2p.handler import Handler
from p2p.inbox import Inbox
from p2p.limits import Limits
from p2p.link import GreetingMissed, Link, Terms
from p2p.messages import PROTOCOL_VERSION, Hello
from p2p.peer import DuplicateConnection, Member, Peer, PeerStatus, WrongPeer, describe
from p2p.tls import Credentials, NodeIdentity, NotAMember, handshake_refusal

logger = logging.getLogger(__name__)


class NetworkStopped(ProtocolError):
    """This node's network was stopped."""

    hint = "nothing to do: the node is stopping; start it again"


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What is fixed for the life of a network.

    `clock_ms` dates certificates and `last_seen_ms`. `jitter` draws from [0, 1).
    """

    genesis_hash: bytes
    listen: tuple[str, int]
    clock_ms: Callable[[], int]
    jitter: Callable[[], float]
    limits: Limits = field(default_factory=Limits)
    agent: str = "hushang"
    instance: int = field(default_factory=lambda: secrets.randbits(64))


class Network:
    """Start it inside a task group; from then on it belongs to that group."""

    def __init__(
        self,
        identity: NodeIdentity,
        members: Sequence[Member],
        handler: Handler,
        settings: NetworkSettings,
    ) -> None:
        self._identity = identity
        self._key = identity.public_key
        self._handler = handler
        self._settings = settings
        self._limits = settings.limits
        self._credentials = Credentials(
            identity, [member.public_key for member in members], settings.clock_ms
        )
        self._door = Door(self._limits)
        self._peers: dict[bytes, Peer] = {}
        self._dialling: dict[bytes, asyncio.Task[None]] = {}
        self._initial = tuple(members)
        self._listener: socket.socket | None = None
        self._running: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Listen (`OSError` if that fails), then accept and dial from a task of `group`."""
        assert self._running is None, "a network starts once"
        host, port = self._settings.listen
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        self._listener.settimeout(0)
        ready = asyncio.Event()
        self._running = group.create_task(self._run(self._listener, ready), name="p2p")
        await ready.wait()

    async def stop(self) -> None:
        """Close everything and wait until it is closed."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    @property
    def certificate_dates(self) -> Validity:
        """From when until when the certificate holds that the next peer is shown."""
        return self._credentials.validity()

    @property
    def address(self) -> tuple[str, int]:
        """Where the network listens; tells the port when 0 was asked for."""
        assert self._listener is not None
        host, port = self._listener.getsockname()[:2]
        return host, port

    def send(self, peer: bytes, channel: Channel, payload: bytes) -> bool:
        """Queue a payload for a peer; False if it is not connected. Never waits.

        Requires 1 <= len(payload) <= FRAME_SIZE_MAX. What doesn't fit pushes out what is oldest on
        the same channel; delivery is not promised.
        """
        assert 1 <= len(payload) <= FRAME_SIZE_MAX
        known = self._peers.get(peer)
        if known is None or known.link is None or not known.link.open:
            return False
        known.outbox.push(channel, payload)
        known.link.wake()
        return True

    def broadcast(self, channel: Channel, payload: bytes) -> None:
        """`send` to every connected peer."""
        for peer in self._peers:
            self.send(peer, channel, payload)

    def connected(self) -> tuple[bytes, ...]:
        """The keys of the peers that are there now, in the order of the membership."""
        return tuple(
            key for key, peer in self._peers.items() if peer.link is not None and peer.link.open
        )

    def peers(self) -> tuple[PeerStatus, ...]:
        """All other members, in the order of the membership."""
        return tuple(peer.status() for peer in self._peers.values())

    def door(self) -> DoorStatus:
        """What happens before a peer is known."""
        return self._door.status()

    def set_members(self, members: Sequence[Member]) -> None:
        """Admit exactly these, and dial those whose address is known; connections of others end.

        Cheap where nothing has changed. A node that is not a member itself may be in no list.
        """
        if self._group is None:
            self._initial = tuple(members)
        self._credentials.set_members([member.public_key for member in members])
        if self._group is not None:
            self._follow(members)

    # The network's own tasks.

    async def _run(self, listener: socket.socket, ready: asyncio.Event) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._follow(self._initial)
                group.create_task(self._accept(listener), name="p2p accept")
                group.create_task(self._beat(), name="p2p heartbeat")
                ready.set()
        finally:
            listener.close()

    def _follow(self, members: Sequence[Member]) -> None:
        known, self._peers = self._peers, {}
        for member in members:
            if member.public_key == self._key:
                continue
            peer = known.pop(member.public_key, None)
            if peer is None:
                peer = self._meet(member)
            peer.name_as(member)
            self._peers[member.public_key] = peer
        for key, removed in known.items():
            self._dialling.pop(key).cancel()
            if removed.link is not None:
                removed.link.close(NotAMember("the membership changed"), blame=True)

    def _meet(self, member: Member) -> Peer:
        assert self._group is not None, "start first"
        peer = Peer(member, self._limits)
        task = self._group.create_task(self._dial(peer), name=f"p2p dial {member.name}")
        self._dialling[member.public_key] = task
        return peer

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._limits.tick_s)
            now_ms = self._settings.clock_ms()
            self._door.tick()
            for peer in self._peers.values():
                peer.tick(now_ms)

    async def _accept(self, listener: socket.socket) -> None:
        assert self._group is not None
        while True:
            try:
                came = await arrival(listener)
            except OSError as error:
                # Out of descriptors, or a connection that ended in the queue: neither is final.
                self._door.refuse(error)
                await asyncio.sleep(self._limits.accept_pause_s)
                continue
            if came is None:
                continue
            if not self._door.enter(came.host):
                came.sock.close()
                continue
            task = self._group.create_task(self._welcome(came), name="p2p welcome")
            task.add_done_callback(partial(self._turned_away, came))

    def _turned_away(self, came: Arrival, _welcome: asyncio.Task[None]) -> None:
        if came.close_unless_begun():
            self._door.leave(came.host)

    async def _welcome(self, came: Arrival) -> None:
        """From an accepted socket to the end of its connection."""
        came.begun, sock, host = True, came.sock, came.host
        link = Link(Terms(self._limits, self._hello(), self._admit), dialled=False)
        connecting = asyncio.get_running_loop().connect_accepted_socket(
            lambda: link,
            sock,
            ssl=self._credentials.server_context(),
            ssl_handshake_timeout=self._limits.handshake_s,
            ssl_shutdown_timeout=self._limits.shutdown_s,
        )
        try:
            error = await _greet(link, connecting, self._limits.handshake_s)
        finally:
            self._door.leave(host)
        if error is not None:
            # Who hung up was refused by nobody: of two members that dial each other, one does.
            if not isinstance(error, ConnectionResetError):
                self._door.refuse(error)
            member = self._peers.get(link.peer)
            if member is None:
                # A crowd of strangers must not fill the log: the counters tell of them.
                logger.debug("refused a connection from %s: %s", host, describe(error))
            else:
                self._tell_refused(member, error)
            self._blame(link.peer, error)
            return
        self._door.learn(host)
        await self._keep(link)

    async def _dial(self, peer: Peer) -> None:
        """Whenever there is no connection, wait a little and make one."""
        backoff = Backoff(self._limits, self._settings.jitter)
        while True:
            await peer.unlinked.wait()
            await peer.addressed.wait()
            if peer.was_stable() or peer.moved.is_set():
                backoff.reset()
            peer.moved.clear()
            # Nobody waits out the old address's delay once there is a new one.
            with suppress(TimeoutError):
                await asyncio.wait_for(peer.moved.wait(), backoff.next_delay_s())
            address = peer.member.address
            if peer.link is not None or address is None:  # the peer was quicker, or has moved
                continue
            link = Link(Terms(self._limits, self._hello(), _only(peer.member)), dialled=True)
            peer.dial(link)
            error = await _greet(link, self._connect(address, link), self._limits.dial_s)
            if error is not None:
                peer.dialling = None
                self._blame(peer.member.public_key, error)
                continue
            await self._keep(link)

    def _connect(self, address: tuple[str, int], link: Link) -> Awaitable[object]:
        # An empty server_hostname: no SNI. Who answers is told by its key, not by its name.
        return asyncio.get_running_loop().create_connection(
            lambda: link,
            *address,
            ssl=self._credentials.client_context(),
            server_hostname="",
            ssl_handshake_timeout=self._limits.dial_s,
            ssl_shutdown_timeout=self._limits.shutdown_s,
        )

    async def _keep(self, link: Link) -> None:
        """From a greeted link to its end; the only place where one becomes a peer's current."""
        peer = self._peers.get(link.peer)
        try:
            if peer is None:
                link.close(NotAMember("the membership changed"), blame=True)
            elif not (link.dialled or link.open):
                # It ended with its first bytes: it takes no other's place.
                self._tell_refused(peer, link.reason)
            elif link.dialled or peer.accepts(link, self._key):
                await self._keep_current(peer, link)
            else:
                link.close(DuplicateConnection("both sides dialled"))
        finally:
            link.close(NetworkStopped())
            await link.closed.wait()

    async def _keep_current(self, peer: Peer, link: Link) -> None:
        noticed = peer.instances.are_two
        peer.join(link)
        if peer.instances.are_two and not noticed:
            told = {"event": "peer_on_two_hosts", "peer": peer.member.name}
            words = "%s: two processes connect by turns under its key"
            logger.warning(words, peer.member.name, extra=told)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._session(peer, link), name=f"p2p session {peer.member.name}")
            await link.closed.wait()
            if peer.link is link:
                peer.part()

    async def _session(self, peer: Peer, link: Link) -> None:
        """The handler's view of a link: connected, received, disconnected."""
        async with peer.turn:
            if link.hello is None or not link.open:
                # It ended while its predecessor was wound up, or with its first bytes.
                self._tell_refused(peer, link.reason)
                return
            told = {"event": "peer_connected", "peer": peer.member.name}
            logger.info("connected to %s", peer.member.name, extra=told)
            self._handler.connected(link.peer, link.hello)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._deliver(link, link.urgent))
                    group.create_task(self._deliver(link, link.bulk))
            finally:
                reason = describe(link.reason or NetworkStopped())
                told["event"] = "peer_disconnected"
                logger.info("disconnected from %s: %s", peer.member.name, reason, extra=told)
                self._handler.disconnected(link.peer, reason)

    async def _deliver(self, link: Link, inbox: Inbox) -> None:
        """Hand one class of a link's frames to the handler until the link's end."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._limits.burst_s
        while (frame := await inbox.take()) is not None:
            try:
                waiting = self._handler.received(link.peer, frame.channel, frame.payload)
                if waiting is not None:
                    await waiting
            except ProtocolError as fault:
                link.close(fault, blame=True)
            if inbox.size and loop.time() >= ends:
                await asyncio.sleep(0)
                ends = loop.time() + self._limits.burst_s

    def _hello(self) -> Hello:
        return Hello(
            PROTOCOL_VERSION,
            self._settings.genesis_hash,
            self._settings.instance,
            self._identity.name,
            self._handler.height(),
            self._settings.agent,
        )

    def _admit(self, key: bytes) -> None:
        if key not in self._peers:
            raise NotAMember(f"key {key.hex()}")

    def _tell_refused(self, peer: Peer, reason: Exception | None) -> None:
        """A member's connection that never was one: what it did is named all the same."""
        logger.info("refused %s: %s", peer.member.name, describe(reason or NetworkStopped()))

    def _blame(self, key: bytes, error: Exception) -> None:
        """Remember why there is no connection to a peer, unless there is one."""
        peer = self._peers.get(key)
        if peer is not None and peer.link is None:
            peer.last_error = describe(error)


def _only(member: Member) -> Callable[[bytes], None]:
    def admit(key: bytes) -> None:
        if key != member.public_key:
            raise WrongPeer(f"{key.hex()} answered where {member.name} was dialled")

    return admit


async def _greet(link: Link, connecting: Awaitable[object], deadline_s: float) -> Exception | None:
    """Wait so long for TLS and the peer's Hello; why there is none. A failed link is closed."""
    refusal: Exception | None = GreetingMissed("given up")
    try:
        async with asyncio.timeout(deadline_s):
            await connecting
            await link.greeted()
        refusal = None
    except TimeoutError:
        refusal = GreetingMissed(f"not within {deadline_s:g} s")
    except (OSError, UnicodeError, ProtocolError) as error:
        as_value(error)
        refusal = handshake_refusal(error) if isinstance(error, ssl.SSLError) else error
    finally:
        if refusal is not None:
            link.close(refusal, blame=True)
    return refusal
