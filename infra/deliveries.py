"""How often and how long messages and stream records are delivered.

The template says so to AWS, and the simulation (`tests.simulation`) lives by the same numbers.
"""

CAPTIONER_SECONDS = 60
# A function that timed out may still be running: six times its limit is AWS's advice.
VISIBILITY_SECONDS = 6 * CAPTIONER_SECONDS
ATTEMPTS = 5
# An index may be down for hours: a change is tried again (-1: without end) for as long as the
# stream keeps it, which is a day. An hour before that Lambda gives it up itself, and says so where
# the alarm looks.
# https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
STREAM_RETRIES, STREAM_HOURS = -1, 23
