-- Mails that are over go after their time: found by when they ended, which is null before.

CREATE INDEX mails_over ON rekkrd.mails ((coalesce(sent_at, given_up_at)));
