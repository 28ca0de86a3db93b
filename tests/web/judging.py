"""One call of the verifier, for Python and for a page that has node/web/verify.js."""

from dataclasses import dataclass
from typing import Any

from chain.bundle_check import TrustedHeader, verify_bundle
from chain.codec import encode
from chain.errors import HushangError
from chain.genesis import Genesis
from tests.web.telling import TOLD_IN_PAGE, facts

Json = Any


@dataclass(frozen=True, slots=True)
class Case:
    """What is handed over."""

    data: bytes
    genesis: Genesis
    trusted: TrustedHeader | None = None
    now_ms: int | None = None
    max_age_ms: int | None = None

    def by_python(self) -> Json:
        """Facts, or the name of the broken rule."""
        try:
            made = verify_bundle(
                self.data,
                self.genesis,
                trusted=self.trusted,
                now_ms=self.now_ms,
                max_age_ms=self.max_age_ms,
            )
        except HushangError as error:
            return {"rule": error.code}
        return facts(made, self.genesis.chain_id)

    def for_page(self) -> Json:
        """The same call as JSON."""
        trusted = self.trusted
        return {
            "data": self.data.hex(),
            "genesis": encode(self.genesis).hex(),
            "trusted": None
            if trusted is None
            else {"height": trusted.height, "digest": trusted.digest.hex()},
            "nowMs": self.now_ms,
            "maxAgeMs": self.max_age_ms,
        }


# Takes a list of what `for_page` gives; for each the facts as `tests.web.telling`, or the rule.
JUDGE = """
async (cases) => {
  const { verifyBundle, fromHex } = await import("/verify.js");
  TOLD
  const verdicts = [];
  for (const { data, genesis, trusted, nowMs, maxAgeMs } of cases) {
    const options = { genesis: fromHex(genesis), trusted, nowMs: nowMs ?? undefined, maxAgeMs };
    try {
      verdicts.push(told(await verifyBundle(fromHex(data), options)));
    } catch (error) {
      verdicts.push({ rule: error.rule ?? `${error}` });
    }
  }
  return verdicts;
}
""".replace("TOLD", TOLD_IN_PAGE)
