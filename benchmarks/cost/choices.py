"""Bills of what a deployment may choose: CloudFront before the gallery, a firewall."""

from benchmarks.cost.bills import THOUSAND, Bill, Line
from benchmarks.cost.inputs import INPUTS


def visited(*, cdn: bool, first: bool) -> Bill:
    """Return the gallery's page and files for 1,000 visits, of which a browser keeps the files."""
    requests = THOUSAND * (1 + (INPUTS.gallery_files.value if first else 0))
    if cdn:  # whose edges keep the files, too
        return (
            Line("CloudFront, requests", requests),
            Line("CloudFront, functions", THOUSAND),
            Line("S3, GET", THOUSAND),
        )
    seconds = requests * INPUTS.file_ms.value / 1e3
    return (
        Line("API Gateway, REST", requests),
        Line("Lambda, invocations", requests),
        Line("Lambda, x86_64", seconds * INPUTS.api_mb.value / 1_024),
    )


def firewall() -> Bill:
    """Return a month of the stack's own firewall before anybody asks."""
    return Line("WAF, web ACLs", 1), Line("WAF, rules", INPUTS.firewall_rules.value)


def screened() -> Bill:
    """Return 1,000 requests that the firewall looks at."""
    return (Line("WAF, requests", THOUSAND),)


CHOICES = {
    "1,000 first visits, CloudFront": visited(cdn=True, first=True),
    "1,000 first visits, `cdn=no`": visited(cdn=False, first=True),
    "1,000 further visits, CloudFront": visited(cdn=True, first=False),
    "1,000 further visits, `cdn=no`": visited(cdn=False, first=False),
    "`waf=yes`, a month": firewall(),
    "`waf=yes`, 1,000 requests": screened(),
}
