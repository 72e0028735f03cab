"""What the emulator is given of the template."""

from local.deployment import emulated


def test_the_emulator_is_spared_what_it_has_no_part_for() -> None:
    resources = {
        "Api": {"Type": "AWS::Serverless::Api"},
        "Sampling": {"Type": "AWS::XRay::SamplingRule"},
    }
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    assert emulated(template) == {**template, "Resources": {"Api": resources["Api"]}}
