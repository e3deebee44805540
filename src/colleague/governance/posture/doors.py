"""What both doors, pages and programs, look with."""

from typing import Annotated

from fastapi import Depends

from colleague.governance.posture.look import Looking
from colleague.kit.doors import part

TheLooking = Annotated[Looking, Depends(part(Looking))]
