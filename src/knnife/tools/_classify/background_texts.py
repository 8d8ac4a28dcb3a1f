"""Texts about anything: what is near to names of classes although it has nothing to do with them.

Names say how near things that belong to them lie no more than a street sign says how long its street is. So similarity
to a name is compared with that of these texts, which were written for the purpose and are about as many subjects.
"""

from __future__ import annotations

from typing import Final

BACKGROUND_TEXTS: Final = """\
The river was frozen from bank to bank.
Who wrote the music for that film?
She planted tulips along the garden wall.
A new bridge will open to traffic in spring.
Our train to the coast leaves at seven.
He has played the violin since he was six.
What is the tallest mountain in the world?
The soup needs salt and a little lemon.
Two goals in the last minute decided the match.
The museum is closed on Mondays.
My laptop does not start after the update.
They elected a new mayor last Sunday.
The dog barked at the postman all morning.
How do I remove a stain from a carpet?
The company reported higher profits this quarter.
Snow is expected in the north tomorrow.
I forgot my umbrella on the bus again.
The plot is thin but the actors are splendid.
Doctors recommend more sleep and less sugar.
Which planet has the most moons?
The old lighthouse was built of granite.
He asked for a refund because the shoes were too small.
The children built a castle out of sand.
Bees find their way home by the sun.
The trial was adjourned until next week.
Where can I buy tickets for the concert?
Her first novel was translated into nine languages.
The engine makes a strange noise in the cold.
Add the flour slowly and keep stirring.
The treaty was signed after long negotiations.
I would like to change my password.
The cathedral survived the fire almost unharmed.
Whales sing to each other over great distances.
The rent goes up every year.
He fell asleep during the lecture on algebra.
A thief took the painting at night.
The hotel room was small but clean.
When did the first people reach Australia?
The farmer sold his last two horses.
Turn left at the church and then go straight on.
The vaccine is given in two doses.
My grandmother knitted this scarf.
The band broke up after a single album.
Stars appear to twinkle because of the air.
The factory will be closed by the end of June.
Could you repeat the question, please?
The chess champion lost in twenty moves.
It rained so hard that the cellar was flooded.
Their wedding was held in a vineyard.
The software is free and its source is open.
What does this Latin phrase mean?
The submarine surfaced near the harbour.
Nobody answered the telephone.
Coffee grows best on high ground.
The judge wore a plain black robe.
An earthquake was felt across the island.
He collects stamps and old coins.
The curtain rises on an empty stage.
Is it safe to drink the water here?
The cyclist won the stage in the mountains.
""".splitlines()
