-- wrk: POST /get-online-features for a user at random. Bodies are made once, before the clock starts.
local bodies = {}
function init()
  math.randomseed(1)
  for i = 1, 1000 do
    local body = string.format('{"feature_service":"spend","entities":{"user_id":[%d]}}',
                               math.random(0, 99999))
    bodies[i] = wrk.format("POST", "/get-online-features", {["Content-Type"] = "application/json"}, body)
  end
end
local at = 0
function request()
  at = at % 1000 + 1
  return bodies[at]
end
