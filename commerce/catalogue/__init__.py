"""The rest of the catalogue: licences of brands, pledges of offers, coupons and who funds them."""
