// Answered rows on their way to the served log.
#pragma once

#include "log/served_log.h"
#include "serving/online_request.h"

namespace skewless {

// `row` is scratch, kept between calls.
Status AppendServedRows(const Definition& definition, const OnlineRequest& request,
                        std::span<const ReadRow> rows, ServedLogWriter& log, ServedRow* row);

}  // namespace skewless
