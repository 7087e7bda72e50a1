// What the client that openapi-generator makes for Go needs.
module binnacle/end2end/clients/generator

go 1.25.0

require gopkg.in/validator.v2 v2.0.1
