// Stands in for hashicorp/http, of which the Go module proxy has only a release without status_code: its data source with
// the fields that the example of docs/api.md uses, as version 3 documents them.
package main

import (
	"context"
	"io"
	"log"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type standIn struct{}

func (standIn) Metadata(_ context.Context, _ provider.MetadataRequest, told *provider.MetadataResponse) {
	told.TypeName = "http"
}

func (standIn) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (standIn) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (standIn) Resources(context.Context) []func() resource.Resource { return nil }

func (standIn) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return answer{} }}
}

// An address that is asked when the data source is read.
type answer struct{}

type fields struct {
	URL            types.String `tfsdk:"url"`
	RequestHeaders types.Map    `tfsdk:"request_headers"`
	StatusCode     types.Int64  `tfsdk:"status_code"`
	ResponseBody   types.String `tfsdk:"response_body"`
}

func (answer) Metadata(_ context.Context, _ datasource.MetadataRequest, told *datasource.MetadataResponse) {
	told.TypeName = "http"
}

func (answer) Schema(_ context.Context, _ datasource.SchemaRequest, told *datasource.SchemaResponse) {
	told.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"url":             schema.StringAttribute{Required: true},
		"request_headers": schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"status_code":     schema.Int64Attribute{Computed: true},
		"response_body":   schema.StringAttribute{Computed: true},
	}}
}

// An answer below 500 is no error: the one who wrote the data source judges it. The real one gives up at the others.
func (answer) Read(ctx context.Context, asked datasource.ReadRequest, told *datasource.ReadResponse) {
	var it fields
	told.Diagnostics.Append(asked.Config.Get(ctx, &it)...)
	headers := map[string]string{}
	told.Diagnostics.Append(it.RequestHeaders.ElementsAs(ctx, &headers, false)...)
	if told.Diagnostics.HasError() {
		return
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, it.URL.ValueString(), nil)
	if err != nil {
		told.Diagnostics.AddError("no such address", err.Error())
		return
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		told.Diagnostics.AddError("no answer", err.Error())
		return
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusInternalServerError {
		told.Diagnostics.AddError("Error making request", "giving up after 1 attempt(s)")
		return
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		told.Diagnostics.AddError("the answer was cut", err.Error())
		return
	}
	it.StatusCode = types.Int64Value(int64(response.StatusCode))
	it.ResponseBody = types.StringValue(string(body))
	told.Diagnostics.Append(told.State.Set(ctx, &it)...)
}

func main() {
	// The protocol and address of the one that it stands in for.
	settings := providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/http", ProtocolVersion: 5}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return standIn{} }, settings); err != nil {
		log.Fatal(err)
	}
}
