"""Pure functions over what the field calls by name: phone numbers, SMS parts, Jalali dates."""
