"""What JSON means, and nothing else: one file a subject, the subjects of the other rooms.

One way for every resource X:

* `XRequestSchema().load(json)` gives the keyword arguments of the rules value X as a dict: names, enums, dates, UTC
  instants and inner values ready to use, defaults filled in; without `id` (a registration has one), `recorded_at` and
  `version`.
  Whoever stores it completes it: `X(**loaded, id=…, recorded_at=…)`.
* A reference is the key `x_id` or, where it was given so, `x_external_id`: exactly one of them is there (lists:
  `caregiver_ids` or `caregiver_external_ids`, `household` or `household_external_ids`). `references.references(loaded)`
  tells what to look up, also inside lists; `references.resolved(loaded, ids)` gives the dict with ids of ours alone.
* What the value does not have is taken in beside it: the key is there only where it was given. These names stand in the
  schema's `in_only` (customer: `personal_identity_number`, tag: `sun`).
* `XSchema().dump(value)` gives the JSON. Where the resource shows more than its value holds, a function `x_view` or
  the class `VisitView` lays out what is dumped.
* Errors are marshmallow's ValidationError; `problems.field_problems(error.messages)` makes JSON pointers of them.

Schemas are costly to make and safe to share: make each once, at the top of a module.
"""
