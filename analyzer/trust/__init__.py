"""What is held about a person, taking it away for good, keeping it no longer than agreed, and who did what.

register      which column of which table names whom: complete, or a test fails
person        an id as the source system knows it, and all that it means here
subject       everything that is held about a person                       (`analyzer subject`)
forget        a person taken out of everything, and the proof of it        (`analyzer forget`)
retain        contacts and agents' rows kept no longer than so many days   (`analyzer retain`)
audit         who saw, changed, exported and deleted what                  (`analyzer audit`)
suppression   the gate at which a later run turns away who was forgotten
"""
