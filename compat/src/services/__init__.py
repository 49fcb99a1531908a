"""An import path from before bridge-patch; the real package is `bridge_patch`."""
