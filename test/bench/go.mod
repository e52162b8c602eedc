module transom-bench

go 1.26.0

replace transom => ../..
