# The table of COSTS.md of the figures.
{
    if (!($2 in seen)) { seen[$2] = 1; who[++readers] = $2 }
    if (!($1 in sizes)) { sizes[$1] = 1; guests[++columns] = $1 }
    cell[$2, $1] = $3 == "" ? $4 " ms" : $3 " calls, " $4 " ms, " $5 " ms"
}
END {
    line = "| reader |"; rule = "| --- |"
    for (n = 1; n <= columns; n++) {
        line = line " " guests[n] (guests[n] == 1 ? " guest |" : " guests |"); rule = rule " --- |"
    }
    print line; print rule
    for (row = 1; row <= readers; row++) {
        line = "| " who[row] " |"
        for (n = 1; n <= columns; n++) line = line " " cell[who[row], guests[n]] " |"
        print line
    }
}
