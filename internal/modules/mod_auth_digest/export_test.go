package authdigest

var Hash = hash
