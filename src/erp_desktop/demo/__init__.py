"""A company with a year of plausible history, made from a seed number: to try the program on, and to show it.

catalogue.py - what it trades in, with whom, where: English and Chinese names
trading.py   - a year of buying, receiving, selling, shipping and coming back, day by day, as actions
company.py   - opens the company on a centre and performs that year
"""
