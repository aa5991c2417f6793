"""The policy pack as the engine starts it: `pulumi preview --policy-pack stacks/policies`."""

from pulumi_policy import EnforcementLevel, PolicyPack

from stacks.policies import POLICIES

PolicyPack("sentinel-aml", POLICIES, EnforcementLevel.MANDATORY)
