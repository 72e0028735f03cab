"""One module a file format: pixels without the metadata that could condemn them, and it apart.

Each opens a picture whose pixels are not yet decoded. What it says of itself lies in its
``info``: ``exif`` (a TIFF structure), ``xmp``, ``iptc`` (IPTC-IIM) and ``icc_profile``, bytes all.
"""
