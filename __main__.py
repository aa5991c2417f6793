"""
The Pulumi program.

It declares no resource yet: it renders the pipeline for the stack's provider, which fails where a file under `sql/` is
wrong, and exports the names of the tables and statements that a deployment will create, in their order.
"""

import pulumi

import sql

PROVIDERS: dict[str, sql.Provider] = {"azureopenai": "azureopenai", "bedrock": "bedrock"}
provider = pulumi.Config().require("llmProvider")
if provider not in PROVIDERS:
    raise pulumi.RunError(f"sentinel-aml:llmProvider: {provider!r} is none of {', '.join(PROVIDERS)}")
pipeline = sql.load_pipeline(provider=PROVIDERS[provider])
pulumi.export("tables", [table.name for table in pipeline.tables])
pulumi.export("statements", [statement.name for statement in pipeline.statements])
pulumi.log.info("This stack declares no resources yet: `tables` and `statements` list what it will create.")
