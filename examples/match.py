"""Two shops and their products: which are the same?"""

import knnife

SHOP = [
    {"title": "Sonara compact camera K350", "price": "$199.99"},
    {"title": "Veltron wireless headphones X120", "price": "$89.00"},
    {"title": "Okami travel kettle", "price": "$24.50"},
    {"title": "Kestrel 24 inch monitor D240", "price": "$149.00"},
]
CATALOGUE = [
    {"title": "VELTRON X-120 headphones, black", "price": "85.00"},
    {"title": 'Kestrel monitor D 240 (24")', "price": None},
    {"title": "Sonarra K350 camera", "price": "205.00"},
    {"title": "Sonara professional camera K750", "price": "899.00"},
]

found = knnife.match(SHOP, CATALOGUE, one_to_one=True)
for row in found.rows():
    left, right = SHOP[row["position_a"]], CATALOGUE[row["position_b"]]
    print(f"{row['probability']:.2f}  {left['title']}  =  {right['title']}")
print("without a partner:", [SHOP[int(id)]["title"] for id in found.unmatched()])
