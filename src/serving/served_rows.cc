#include "serving/served_rows.h"

namespace skewless {

Status AppendServedRows(const Definition& definition, const OnlineRequest& request,
                        std::span<const ReadRow> rows, ServedLogWriter& log, ServedRow* row) {
  const ReadPlan& plan = *request.plan;
  row->service =
      plan.service < 0 ? "" : definition.services[static_cast<size_t>(plan.service)].name;
  row->outputs.clear();
  for (const ReadPlan::Output& output : plan.outputs) {
    row->outputs.push_back(output.derived < 0
                               ? definition.views[static_cast<size_t>(output.feature.view)].name +
                                     ":" + output.name
                               : row->service + ":" + output.name);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    row->read_us = rows[i].read_us;
    row->inputs.clear();
    for (size_t k = 0; k < request.inputs.size(); ++k) {
      const ColumnSpec& spec =
          k < plan.keys.size() ? plan.keys[k] : plan.request[k - plan.keys.size()];
      row->inputs.emplace_back(spec.name, Value::Of(ValueAt(request.inputs[k], i)));
    }
    row->views.clear();
    for (const ReadRow::ViewRead& view : rows[i].views) {
      row->views.push_back({definition.views[static_cast<size_t>(view.view)].name, view.sequence,
                            static_cast<uint8_t>(view.status)});
    }
    row->values.clear();
    for (const ValueView& value : rows[i].values) row->values.push_back(Value::Of(value));
    SKEWLESS_RETURN_IF_ERROR(log.Append(*row));
  }
  // With the kernel before the reply leaves: a killed server has logged all that anybody was told.
  return log.Flush();
}

}  // namespace skewless
