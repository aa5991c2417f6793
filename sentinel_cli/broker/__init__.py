"""A real broker and registry on this machine, for whoever has no cluster: Apache Kafka and Apicurio Registry."""
