"""What both programs' shells share: lines in, events out, errors into exit statuses."""
