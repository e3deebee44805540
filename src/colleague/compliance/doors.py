"""What the doors of compliance share."""

from typing import Annotated

from fastapi import Depends

from colleague.audit.record import Ledger
from colleague.kit.doors import part

TheLedger = Annotated[Ledger, Depends(part(Ledger))]
