"""Numbers of Discogs that must not be mistaken for one another; all of them may pass 2³¹."""

from typing import NewType

ReleaseId = NewType("ReleaseId", int)
MasterId = NewType("MasterId", int)
InstanceId = NewType("InstanceId", int)
FolderId = NewType("FolderId", int)
FieldId = NewType("FieldId", int)
DiscogsUserId = NewType("DiscogsUserId", int)

LARGEST = 2**63 - 1  # what fits a number of the database: nothing at Discogs comes near it

ALL_FOLDERS = FolderId(0)  # for reading; nothing can be added to it
UNCATEGORIZED = FolderId(1)  # every collection has it, and it can be neither renamed nor deleted
