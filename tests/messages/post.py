"""Posts a body to a URL: post.py URL BODY."""
import sys
import urllib.request

urllib.request.urlopen(urllib.request.Request(sys.argv[1], data=sys.argv[2].encode())).read()
