"""The HTTP service and its web page (extra ``serve``): ``spotter serve``."""
