"""The replica: PBFT as a pure function of messages, facts and ticks (docs/protocol-consensus.md).

Read `replica` first: it takes one thing in (`receive`) and does all that has become due (`act`,
`lead`). The facts live in `state` and its parts: `slot` (the active height) with its `votes`,
`views`, `promises` (everything signed), `timers`, `roster`. `proposal` and `view_change` hold the
rules as pure functions; `patience` watches the time; `recovery` reads the journal's `records`.
Towards the shell: `config`, `input`, `output`, `ask`; the peers: `messages`, `signing`, `evidence`.
"""
