"""An independent word processor decides about tracked changes: all accepted, or all rejected."""

import subprocess
from pathlib import Path

_LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false"
 library:passwordprotected="false"><library:element library:name="Decide"/></library:library>
"""
_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Decide" script:language="StarBasic">
Sub All(how As String, source As String, target As String)
  Dim load(0) As New com.sun.star.beans.PropertyValue
  load(0).Name = "Hidden"
  load(0).Value = True
  doc = StarDesktop.loadComponentFromURL(source, "_blank", 0, load())
  dispatcher = createUnoService("com.sun.star.frame.DispatchHelper")
  dispatcher.executeDispatch(doc.CurrentController.Frame, ".uno:" + how + "AllTrackedChanges", "", 0, Array())
  Dim store(0) As New com.sun.star.beans.PropertyValue
  store(0).Name = "FilterName"
  store(0).Value = "MS Word 2007 XML"
  doc.storeToURL(target, store())
  doc.close(True)
End Sub
</script:module>
"""


class Office:
    """LibreOffice with a profile of its own under `home`."""

    def __init__(self, home: Path) -> None:
        """Start it once, so that the profile is there, and give it the macro."""
        self._home = home
        (home / "empty.txt").write_text("x")
        self.run("--convert-to", "pdf", "--outdir", str(home), str(home / "empty.txt"))
        standard = home / "profile" / "user" / "basic" / "Standard"
        (standard / "script.xlb").write_text(_LIBRARY)
        (standard / "Decide.xba").write_text(_MODULE)

    def run(self, *arguments: str) -> None:
        """Run it to its end."""
        profile = f"-env:UserInstallation=file://{self._home}/profile"
        subprocess.run(["soffice", profile, "--headless", *arguments], check=True, capture_output=True, timeout=300)

    def decide(self, content: bytes, how: str) -> bytes:
        """Return the file after «Accept» or «Reject» of all its changes, as this office saves it."""
        source, target = self._home / "source.docx", self._home / f"{how}.docx"
        source.write_bytes(content)
        self.run(f"macro:///Standard.Decide.All({how},file://{source},file://{target})")
        return target.read_bytes()
