-- A preview tells each thing once, and its pages follow what they tell of: no page skips or repeats what stays.

DELETE FROM rekkrd.preview_items AS item
USING rekkrd.preview_items AS first
WHERE item.user_id = first.user_id
    AND item.is_want = first.is_want
    AND item.release_id = first.release_id
    AND item.instance_id IS NOT DISTINCT FROM first.instance_id
    AND item.field IS NOT DISTINCT FROM first.field
    AND item.way = first.way
    AND item.number > first.number;

CREATE UNIQUE INDEX preview_items_once
ON rekkrd.preview_items (user_id, is_want, release_id, coalesce(instance_id, 0), coalesce(field, ''), way);
