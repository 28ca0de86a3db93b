"""The next release, for tests of upgrades: CONTRIBUTING's example as protocol version 2.

Python runs this file first in a process that has its folder on its path. What the page shows
becomes a module as it stands there, its line goes into the table with `since=2`, and the software
says that it has the rules up to version 2, before anything else of the project is imported.
"""

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

_ROOT = Path(__file__).parent.parent.parent.parent
_VERSION = 2


def _release() -> None:
    sys.path.insert(0, str(_ROOT))
    from chain import upgrades  # noqa: PLC0415 - the path comes first

    upgrades.PROTOCOL_VERSION = _VERSION
    from commerce import families  # noqa: PLC0415 - after the version
    from commerce.transaction_types import TransactionType  # noqa: PLC0415 - like it

    page = (_ROOT / "CONTRIBUTING.md").read_text("utf-8")
    module, line = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    notices = ModuleType("commerce.notices")
    # The codec resolves the annotations of a dataclass through its module.
    sys.modules[notices.__name__] = notices
    exec(compile(module, "CONTRIBUTING.md", "exec"), notices.__dict__)
    entry = eval(line.strip(), {"TransactionType": TransactionType, **vars(notices)})
    families.TYPES = (*families.TYPES, replace(entry, since=_VERSION))


_release()
