-- Announcing one job took as long again to plan as to do: a list of one is cheaper than the list of ten that a plan for
-- all is made for, so each call made a plan of its own. Whoever replaces these functions says it again.

ALTER FUNCTION rekkrd.announce_many(uuid[]) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION rekkrd.cancel_many(uuid[]) SET plan_cache_mode = force_generic_plan;
